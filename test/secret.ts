/** The secret that the edges of the tests sign with. */
export const TEST_SECRET = 'a secret for the tests of Fast-ll';
