// The names under which this machine calls itself.

/** Loopback by name, any port (ssh -L changes it). Keeps out DNS rebinding: another name never gets an answer. */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/.test(host)
}
