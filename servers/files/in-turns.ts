// Many of one kind, so many at once.

/** The results, each in its place. */
export async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>, atOnce: number): Promise<R[]> {
  const results: R[] = []
  const next = items.entries()
  const worker = async () => {
    for (const [index, item] of next) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}
