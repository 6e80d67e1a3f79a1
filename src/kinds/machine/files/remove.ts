/** `PATH MADE`: the file goes, with the folders that were made for it as far as they are empty. */
export const removeScript = `
if [ -d "$1" ] && [ ! -L "$1" ]; then echo "$1 is a folder now" >&2; exit 1; fi
rm -f -- "$1" || exit 1
[ -n "$2" ] || exit 0
folder=\${1%/*}
while rmdir -- "$folder" 2>/dev/null && [ "$folder" != "$2" ]; do folder=\${folder%/*}; done
exit 0
`;
