/**
 * For a POSIX shell: `$boot` is then what tells one boot of a machine from another, the kernel's id, and for machines that
 * share a kernel when their first process started. It takes the parameters' place.
 */
export const readBoot = `
read -r id </proc/sys/kernel/random/boot_id
read -r stat </proc/1/stat
set -- \${stat##*) }
boot="$id.\${20}"
`;
