// How a new question reaches a person: spoken once, counted in the title, and as a notification when the window is behind.
import { useEffect, useRef, useState } from 'react'
import type { Approval } from '../../../contract/policy.ts'
import type { PersonQuestion } from '../../../contract/questions.ts'
import { inShell } from '../../connection/socket.ts'
import { seen } from '../../ui/foreign.tsx'
import { forWhom, WANTS } from '../questions/words.ts'
import { useWaiting } from './waiting.ts'

/** What to say now to those who hear the page; also keeps the title and notifications. */
export function useTold(live: boolean): string {
  const { calls, questions, count } = useWaiting()
  const known = useRef(new Set<string>())
  const [spoken, setSpoken] = useState('')
  useEffect(() => {
    if (!live) return
    const fresh = [...calls.map(ofCall), ...questions.map(ofQuestion)].filter(one => !known.current.has(one.id))
    for (const one of fresh) {
      known.current.add(one.id)
      notify(one)
    }
    const newest = fresh.at(-1)
    if (newest) setSpoken(newest.spoken)
  }, [calls, questions, live])
  useTitleCount(live ? count : 0)
  return spoken
}

/** What is said of something new: aloud, and by a notification. */
interface News {
  id: string
  spoken: string
  title: string
  body: string
}

function ofCall(call: Approval): News {
  const [client, tool, server] = [call.client.title, call.tool, call.server.name].map(inOneLine)
  const seconds = Math.max(0, Math.round((call.clientUntil - Date.now()) / 1000))
  const spoken = `${client} asks to run ${tool} on ${server}, ${seconds} seconds`
  const body = `${client} wants to run ${tool} on ${server}.`
  return { id: call.id, spoken, title: 'A call waits for you', body }
}

/** A notification takes plain text: short, with nothing in it that is not seen. */
export function inOneLine(foreign: string): string {
  const text = seen(foreign.replaceAll(/\s+/g, ' '))
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

function ofQuestion(question: PersonQuestion): News {
  const spoken = `${question.server.name} ${WANTS[question.asked.kind]}, ${forWhom(question)}`
  // None of the server's words: they could pass for ours there.
  return { id: question.id, spoken, title: 'A server asks you something', body: `${spoken}.` }
}

/** Desktop notification, only from behind and only where allowed; the shell has native ones of its own. */
function notify({ id, title, body }: News): void {
  const inFront = document.visibilityState === 'visible' && document.hasFocus()
  if (inShell || inFront || !('Notification' in window) || Notification.permission !== 'granted') return
  const told = new Notification(title, { body, tag: id, requireInteraction: true })
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
