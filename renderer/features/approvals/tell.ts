// How a new question reaches a person: spoken once, counted in the title, and as a notification when the window is behind.
import { useEffect, useRef, useState } from 'react'
import type { Approval } from '../../../contract/policy.ts'
import { inShell } from '../../connection/socket.ts'
import { useWaiting } from './waiting.ts'

/** What to say now to those who hear the page; also keeps the title and notifications. */
export function useTold(live: boolean): string {
  const { calls, count } = useWaiting()
  const known = useRef(new Set<string>())
  const [spoken, setSpoken] = useState('')
  useEffect(() => {
    if (!live) return
    const fresh = calls.filter(call => !known.current.has(call.id))
    for (const call of fresh) {
      known.current.add(call.id)
      notify(call)
    }
    const newest = fresh.at(-1)
    if (newest) setSpoken(sentence(newest))
  }, [calls, live])
  useTitleCount(live ? count : 0)
  return spoken
}

function sentence(call: Approval): string {
  const seconds = Math.max(0, Math.round((call.clientUntil - Date.now()) / 1000))
  return `${call.client.title} asks to run ${call.tool} on ${call.server.name}, ${seconds} seconds`
}

/** Desktop notification, only from behind and only where allowed; the shell has native ones of its own. */
function notify(call: Approval): void {
  const inFront = document.visibilityState === 'visible' && document.hasFocus()
  if (inShell || inFront || !('Notification' in window) || Notification.permission !== 'granted') return
  const body = `${call.client.title} wants to run ${call.tool} on ${call.server.name}.`
  const told = new Notification('A call waits for you', { body, tag: call.id, requireInteraction: true })
  told.onclick = () => {
    window.focus()
    told.close()
  }
}

/** "(2) Servers · Gatehouse", whoever sets the rest of the title. */
function useTitleCount(count: number): void {
  useEffect(() => {
    const mark = () => {
      const bare = document.title.replace(/^\(\d+\) /, '')
      const wanted = count > 0 ? `(${count}) ${bare}` : bare
      if (document.title !== wanted) document.title = wanted
    }
    mark()
    const titles = new MutationObserver(mark)
    titles.observe(document.head, { subtree: true, childList: true, characterData: true })
    return () => titles.disconnect()
  }, [count])
}
