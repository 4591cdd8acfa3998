// The arming of what is on the screen, kept up with focus, visibility and content.
import { useLayoutEffect, useRef, useState } from 'react'
import { ARM_MS, type Arming, armedIn, look, UNSEEN } from './arming.ts'

/** `progress`: what the button shows. `current`: what a press is held against, at the time of the press. */
export interface ArmingNow {
  progress: 'off' | 'arming' | 'armed'
  current: () => Arming
}

const inFront = () => document.visibilityState === 'visible' && document.hasFocus()

/** `content`: everything that Allow would allow, as one text. `shown`: false once it has ended or is covered. */
export function useArming(content: string, shown: boolean): ArmingNow {
  const arming = useRef<Arming>(UNSEEN)
  const [progress, setProgress] = useState<ArmingNow['progress']>('off')
  useLayoutEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const update = () => {
      arming.current = look(arming.current, { content, shown, focused: inFront() }, performance.now())
      const left = armedIn(arming.current, performance.now())
      setProgress(left === null ? 'off' : left > 0 ? 'arming' : 'armed')
      clearTimeout(timer)
      if (left !== null && left > 0) timer = setTimeout(update, Math.min(left + 1, ARM_MS))
    }
    update()
    const events = ['focus', 'blur'] as const
    for (const event of events) window.addEventListener(event, update)
    document.addEventListener('visibilitychange', update)
    return () => {
      clearTimeout(timer)
      for (const event of events) window.removeEventListener(event, update)
      document.removeEventListener('visibilitychange', update)
      arming.current = UNSEEN
    }
  }, [content, shown])
  return { progress, current: () => arming.current }
}
