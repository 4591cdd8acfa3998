// The button that lets something happen: it counts only after its content was shown, in focus and unchanged for 900 ms.
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import css from './armed-button.module.css'
import { ARM_MS } from './arming.ts'
import { useArming } from './use-arming.ts'
import { usePress } from './use-press.ts'

/** `content`: all that is decided about, as one text; any difference arms anew. Enter never counts, a double click neither. */
export function ArmedButton(props: {
  content: string
  onPress: () => void
  children: ReactNode
  disabled?: boolean
  shown?: boolean
}) {
  const arming = useArming(props.content, props.shown ?? true)
  return (
    <Button
      size="md"
      disabled={props.disabled ?? false}
      aria-disabled={arming.progress !== 'armed'}
      className={`${css.button} ${css[arming.progress]}`}
      style={{ '--arm-ms': `${ARM_MS}ms` }}
      {...usePress(arming.current, props.onPress)}
    >
      <span className={css.fill} key={props.content} />
      <span className={css.label}>{props.children}</span>
    </Button>
  )
}
