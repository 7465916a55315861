import { uint16, uint32, uint8 } from './bytes.ts';

/** What a sender says of its clock (RFC 3550, 6.4.1): that this timestamp of its track was then. */
export interface SenderReport {
  /** Who says so: the SSRC of its packets. */
  readonly source: number;
  /** By the sender's clock, which may show anything, in milliseconds since 1900; the same for all its tracks. */
  readonly ntp: number;
  readonly timestamp: number;
}

const VERSION = 2;
const SENDER_REPORT = 200;
const HEADER_BYTES = 4;
const REPORT_BYTES = 28;

/** Those in a compound packet (6.1). Ends where what comes is no packet of RTCP. */
export function senderReports(bytes: Uint8Array): SenderReport[] {
  const reports: SenderReport[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const end = at + 4 * (uint16(bytes, at + 2) + 1);
    if (uint8(bytes, at) >> 6 !== VERSION || end > bytes.length) break;
    if (uint8(bytes, at + 1) === SENDER_REPORT && end - at >= REPORT_BYTES) {
      const ntp = 1000 * (uint32(bytes, at + 8) + uint32(bytes, at + 12) / 2 ** 32);
      reports.push({ source: uint32(bytes, at + 4), ntp, timestamp: uint32(bytes, at + 16) });
    }
    at = end;
  }
  return reports;
}
