/** Keys that the configuration has and nobody reads: most are typing errors. Pure; `parsed` is `raw` without them. */
export function ignoredKeys(raw: unknown, parsed: unknown, path = ''): string[] {
  if (Array.isArray(raw) && Array.isArray(parsed)) {
    return raw.flatMap((item: unknown, index) => ignoredKeys(item, parsed[index], `${path}[${index}]`));
  }
  if (!isObject(raw) || !isObject(parsed)) return [];
  return Object.keys(raw).flatMap((key) => {
    const at = path === '' ? key : `${path}.${key}`;
    return key in parsed ? ignoredKeys(raw[key], parsed[key], at) : [at];
  });
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
