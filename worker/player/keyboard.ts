/** What a key does on the player page. */
export type Command = 'pause' | 'fullscreen' | 'mute' | 'live' | 'help';

const COMMANDS: Record<string, Command> = {
  ' ': 'pause',
  k: 'pause',
  f: 'fullscreen',
  m: 'mute',
  l: 'live',
  '?': 'help',
};

/** The command of a key, unless the key is meant for what has the focus or for the browser. */
export function commandOf(event: KeyboardEvent): Command | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return undefined;
  const { target } = event;
  if (target instanceof Element && target.closest('input, textarea, select, dialog')) return undefined;
  if (event.key === ' ' && target instanceof Element && target.closest('button, a')) return undefined;
  return COMMANDS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
}
