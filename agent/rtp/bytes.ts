/** Numbers in network byte order. What lies beyond the end reads as 0: whoever reads has looked at the length before. */
export const uint8 = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;
export const uint16 = (bytes: Uint8Array, at: number): number => (uint8(bytes, at) << 8) | uint8(bytes, at + 1);
export const uint32 = (bytes: Uint8Array, at: number): number => uint16(bytes, at) * 0x10000 + uint16(bytes, at + 2);
