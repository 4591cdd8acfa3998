// Questions that a page shows in their place, so that no dialog opens over them.
import { useEffect } from 'react'

const counts = new Map<string, number>()

export const isInPlace = (id: string): boolean => counts.has(id)

/** While mounted, these are shown by the page itself. */
export function useInPlace(ids: readonly string[]): void {
  const key = ids.join()
  useEffect(() => {
    const mine = key === '' ? [] : key.split(',')
    for (const id of mine) counts.set(id, (counts.get(id) ?? 0) + 1)
    return () => {
      for (const id of mine) {
        const left = (counts.get(id) ?? 1) - 1
        if (left > 0) counts.set(id, left)
        else counts.delete(id)
      }
    }
  }, [key])
}
