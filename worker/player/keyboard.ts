/** What a key does on the player page. */
export type Command = 'pause' | 'fullscreen' | 'mute' | 'live' | 'louder' | 'softer' | 'help';

const COMMANDS: Record<string, Command> = {
  ' ': 'pause',
  k: 'pause',
  f: 'fullscreen',
  m: 'mute',
  l: 'live',
  ArrowUp: 'louder',
  ArrowDown: 'softer',
  '?': 'help',
};

/** The command of a key, unless the key is meant for what has the focus or for the browser. */
export function commandOf(event: KeyboardEvent): Command | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return undefined;
  const { target } = event;
  if (target instanceof Element && target.closest(`${OWN_KEYS}, dialog`)) return undefined;
  if (event.key === ' ' && target instanceof Element && target.closest('button, a')) return undefined;
  const command = COMMANDS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  const isArrow = command === 'louder' || command === 'softer';
  if (event.repeat && !isArrow) return undefined;
  return isArrow && isTaken(target) ? undefined : command;
}

/** What has a use for letters. */
const OWN_KEYS = 'input:not([type="range"]), textarea, select';

/** Arrows move sliders, and a page that is longer than the window, unless one is at the controls. */
const isTaken = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  (target.closest('input') !== null ||
    (document.documentElement.scrollHeight > innerHeight && target.closest('.stage') === null));
