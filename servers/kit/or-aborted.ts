// What does not listen to a signal is no longer waited for once it aborts.

/** Rejects with the signal's reason as soon as it aborts; what runs goes on unseen. */
export async function orAborted<T>(running: Promise<T> | T, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const stop = () => reject(signal.reason)
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([running, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
