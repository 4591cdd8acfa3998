// The button that lets something happen: it counts only after its content was shown, in focus and unchanged for 900 ms.
import { Button } from '@mantine/core'
import { type ReactNode, useRef } from 'react'
import css from './armed-button.module.css'
import { ARM_MS, mayAllow, type Press } from './arming.ts'
import { useArming } from './use-arming.ts'

type Down = Pick<Press, 'by' | 'beganAt' | 'repeat'>

/** `content`: all that is decided about, as one text; any difference arms anew. Enter never counts, a double click neither. */
export function ArmedButton(props: {
  content: string
  onPress: () => void
  children: ReactNode
  disabled?: boolean
  shown?: boolean
}) {
  const arming = useArming(props.content, props.shown ?? true)
  const down = useRef<Down | null>(null)
  return (
    <Button
      size="md"
      disabled={props.disabled ?? false}
      aria-disabled={arming.progress !== 'armed'}
      className={`${css.button} ${css[arming.progress]}`}
      style={{ '--arm-ms': `${ARM_MS}ms` }}
      onPointerDown={event => {
        down.current = { by: 'pointer', beganAt: event.timeStamp, repeat: false }
      }}
      onKeyDown={event => {
        if (event.key === 'Enter') event.preventDefault()
        if (event.key !== ' ' || (event.repeat && down.current?.by === 'space')) return
        down.current = { by: 'space', beganAt: event.timeStamp, repeat: event.repeat }
      }}
      onClick={event => {
        const begun = down.current ?? { by: 'pointer', beganAt: event.timeStamp, repeat: false }
        down.current = null
        if (mayAllow(arming.current(), { ...begun, clicks: event.detail, trusted: event.isTrusted })) props.onPress()
      }}
    >
      <span className={css.fill} key={props.content} />
      <span className={css.label}>{props.children}</span>
    </Button>
  )
}
