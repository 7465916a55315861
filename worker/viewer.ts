/**
 * Whose request it is: an address where it is known, else empty. It tells viewers apart, and is kept nowhere.
 * @param header in which whatever stands in front of the edge says it; empty where nobody does
 */
export const viewerOf = ({ headers }: Request, header: string): string =>
  header === '' ? '' : networkOf(headers.get(header) ?? '');

/** One viewer has a whole network of IPv6 (RFC 6177): its first four groups. */
function networkOf(address: string): string {
  const [front = '', back] = address.split('::');
  if (!address.includes(':')) return address;
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(front), groups(back ?? '')];
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}
