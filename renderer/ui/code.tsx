// JSON to read, JSON to write, and diffs. CodeMirror comes in its own chunk when first needed.
import { Skeleton } from '@mantine/core'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import css from './code.module.css'
import { seen, shown } from './foreign.tsx'
import { layOut } from './lay-out.ts'

type Editor = import('@codemirror/view').EditorView

/** Opens an editor in a div once CodeMirror is there, and closes it with the div. */
function useEditor(open: (parent: HTMLElement, parts: typeof import('./codemirror.ts')) => Editor, identity: string) {
  const latest = useRef(open)
  latest.current = open
  const parent = useRef<HTMLDivElement>(null)
  const editor = useRef<Editor | null>(null)
  const [ready, setReady] = useState(false)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another identity is another editor
  useEffect(() => {
    let live = true
    void import('./codemirror.ts').then(parts => {
      if (!live || !parent.current) return
      editor.current = latest.current(parent.current, parts)
      setReady(true)
    })
    return () => {
      live = false
      editor.current?.destroy()
      editor.current = null
    }
  }, [identity])
  return { parent, editor, ready }
}

/** An editor for JSON text. A new `value` from outside replaces the text and keeps the caret where it can. */
export function JsonEditor(props: {
  value: string
  label: string
  onChange: (text: string) => void
  onSubmit?: () => void
  minHeight?: number
  maxHeight?: number | string
  bare?: boolean
}) {
  const latest = useRef(props)
  latest.current = props
  const { parent, editor, ready } = useEditor(
    (element, parts) =>
      parts.openEditor(element, {
        text: latest.current.value,
        label: props.label,
        onChange: text => latest.current.onChange(text),
        onSubmit: () => latest.current.onSubmit?.(),
      }),
    props.label,
  )
  useEffect(() => {
    const view = editor.current
    if (!view) return
    const now = view.state.doc.toString()
    if (now !== props.value) view.dispatch({ changes: { from: 0, to: now.length, insert: props.value } })
  }, [props.value, editor])
  return (
    <div
      className={`${css.editor} ${props.bare ? css.bare : ''}`}
      style={{ minHeight: props.minHeight ?? 120, maxHeight: props.maxHeight ?? 420 }}
    >
      {!ready && <Skeleton m={12} height={16} width={180} />}
      <div ref={parent} hidden={!ready} />
    </div>
  )
}

/** What changes from `before` to `after`, one column. A change that nobody could see stands there as its number. */
export function Diff({ before, after, maxHeight = 380 }: { before: string; after: string; maxHeight?: number }) {
  const { parent, ready } = useEditor(
    (element, parts) => parts.openDiff(element, seen(before), seen(after)),
    JSON.stringify([before, after]),
  )
  return (
    <div className={css.box} style={{ maxHeight }}>
      {!ready && <Skeleton m={12} height={120} />}
      <div ref={parent} />
    </div>
  )
}

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** JSON text coloured piece by piece; text that is not JSON stays as it is. */
function coloured(text: string): ReactNode[] {
  const parts: ReactNode[] = []
  let at = 0
  for (const match of text.matchAll(TOKEN)) {
    parts.push(text.slice(at, match.index))
    const kind = match[1] ? (match[2] ? css.key : css.string) : css.number
    parts.push(
      <span key={match.index} className={kind}>
        {shown(match[1] ?? match[0])}
      </span>,
      match[2] ?? '',
    )
    at = match.index + match[0].length
  }
  parts.push(text.slice(at))
  return parts
}

const SHOWN_CHARS = 40_000

/** JSON to read, laid out with numbers as their source wrote them. Text that is not JSON is shown as it is. */
export function JsonView({ text, maxHeight = 420, raw = false }: { text: string; maxHeight?: number; raw?: boolean }) {
  const [whole, setWhole] = useState(false)
  const laid = raw ? text : layOut(text)
  const cut = !whole && laid.length > SHOWN_CHARS
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <section className={css.box} style={{ maxHeight }} tabIndex={0} aria-label="JSON">
      <pre className={css.plain}>{coloured(cut ? laid.slice(0, SHOWN_CHARS) : laid)}</pre>
      {cut && (
        <button type="button" className={css.plain} onClick={() => setWhole(true)}>
          Show all {laid.length.toLocaleString('en')} characters
        </button>
      )}
    </section>
  )
}
