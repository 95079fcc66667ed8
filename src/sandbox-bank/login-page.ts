import type { BankReply } from './exchange.ts';
import { escapeHtml, page, problemLine } from './page-layout.ts';
import type { Person } from './person.ts';
import { findPerson, password } from './persons.ts';

export interface LoginPage {
  title: string;
  /** Where the form is sent to. */
  action: string;
  /** @default 422 where there is a problem, else 200 */
  status?: number;
  /** What has to be done otherwise. */
  problem?: string;
}

/** A page that asks for name and password. */
export function loginPage({ title, action, problem = '', status = problem ? 422 : 200 }: LoginPage): BankReply {
  return page(
    status,
    title,
    `${problemLine(problem)}
    <form method="post" action="${escapeHtml(action)}">
      <label for="psu_id">User name</label><input id="psu_id" name="psu_id" autocomplete="username" required autofocus>
      ${passwordField}
      <button type="submit">Log in</button>
    </form>`,
  );
}

export const passwordField = `<label for="password">Password</label>
      <input id="password" name="password" type="password" autocomplete="current-password" required>`;

export const wrongLogin = 'User name or password is wrong. Please try again.';

/** Who has filled in the form; null where name or password is wrong. */
export function findLogin(form: URLSearchParams): Person | null {
  return form.get('password') === password ? findPerson((form.get('psu_id') ?? '').trim()) : null;
}
