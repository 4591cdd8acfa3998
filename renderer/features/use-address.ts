// A view's own part of the address: its filter, its row, its tab, so that back and forward work.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

export type Address = Record<string, unknown>

type Go = (next: Address | ((now: Address) => Address), how?: { replace?: boolean }) => void

/**
 * The search members of the address, and how to replace them; `undefined` members are left out. What goes on after an
 * answer names what comes of the address as it is by then: a person may have gone on meanwhile.
 */
export function useAddress(): [Address, Go] {
  const search = useSearch({ strict: false }) as Address
  const navigate = useNavigate()
  const go = useCallback(
    (next: Address | ((now: Address) => Address), how: { replace?: boolean } = {}) => {
      const search = (now: Address) => {
        const members = Object.entries(typeof next === 'function' ? next(now) : next)
        return Object.fromEntries(members.filter(([, value]) => value !== undefined))
      }
      void navigate({ to: '.', search: search as never, replace: how.replace ?? false })
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
