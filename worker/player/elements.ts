/** The element of the page that `selector` names, which must be there and of this kind. */
export function find<T extends Element>(root: ParentNode, selector: string, kind: abstract new () => T): T {
  const found = root.querySelector(selector);
  if (found instanceof kind) return found;
  throw new Error(
    `expected an element "${selector}" of the kind ${kind.name}, got ${found?.constructor.name ?? 'none'}`,
  );
}

/** Writes only what differs: the rest of the page need not be laid out again. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function mark(element: HTMLElement, key: string, value: string): void {
  if (element.dataset[key] !== value) element.dataset[key] = value;
}

export function show(element: HTMLElement, shown: boolean): void {
  if (element.hidden === shown) element.hidden = !shown;
}
