const NAME = 'policyd-key';

/** The key of the person who looks: kept by the browser for this tab, until it is closed. */
export const sessionKey = {
  read: (): string | null => sessionStorage.getItem(NAME),
  write(key: string | null): void {
    if (key === null) sessionStorage.removeItem(NAME);
    else sessionStorage.setItem(NAME, key);
  },
};
