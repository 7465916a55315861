import { readFileSync } from 'node:fs';

/** Linux gives processor time in these. */
const TICKS_PER_SECOND = 100;

/** User and system time of a process so far (proc(5), `stat`); NaN where there is none. */
export function cpuSeconds(pid: number | undefined): number {
  if (pid === undefined) return NaN;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory of a process, in MiB (proc(5), `status`); NaN where there is none. */
export function residentMb(pid: number | undefined): number {
  if (pid === undefined) return NaN;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
