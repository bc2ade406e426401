/**
 * An address where nobody listens. A free port would be one that another test's server may be given next, which would
 * then have a stranger as a client.
 */
export const NOWHERE = "127.0.0.1:1";
