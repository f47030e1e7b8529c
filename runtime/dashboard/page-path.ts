/** Where the page is served; what it loads stands below. */
export const PAGE_PATH = '/dashboard';
