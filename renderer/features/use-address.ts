// A view's own part of the address: its filter, its row, its tab, so that back and forward work.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

export type Address = Record<string, unknown>

/** The search members of the address, and how to replace them; `undefined` members are left out. */
export function useAddress(): [Address, (next: Address, how?: { replace?: boolean }) => void] {
  const search = useSearch({ strict: false }) as Address
  const navigate = useNavigate()
  const go = useCallback(
    (next: Address, how: { replace?: boolean } = {}) => {
      const members = Object.entries(next).filter(([, value]) => value !== undefined)
      void navigate({ to: '.', search: Object.fromEntries(members) as never, replace: how.replace ?? false })
    },
    [navigate],
  )
  return [search, go]
}

/** A member as text; the router reads `12` and `true` as what they look like. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}
