/** Whether it is what /etc/machine-id says once it is set up; `uninitialized` stands there before. */
export const isMachineId = (text: string): boolean => /^[0-9a-f]{32}$/.test(text);
