import { tokenIn } from './address.ts';
import { find } from './elements.ts';

/** Lets people paste a token, and comes back to this page with it. */
export function wireTokenForm(form: HTMLFormElement): void {
  const input = find(form, 'input', HTMLInputElement);
  input.addEventListener('input', () => input.setCustomValidity(''));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const token = tokenIn(input.value);
    if (token === undefined) {
      input.setCustomValidity('This is neither a token nor a link that holds one.');
      input.reportValidity();
      return;
    }
    const url = new URL(location.href);
    url.searchParams.set('token', token);
    location.assign(url);
  });
}
