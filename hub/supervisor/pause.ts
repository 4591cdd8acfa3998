/** Waits, or until the stay is over. */
export function pause(ms: number, stay: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (stay.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      stay.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    stay.addEventListener('abort', done)
  })
}
