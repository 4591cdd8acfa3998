// Process groups as POSIX has them.

/** True while any process of the group is left, dead ones that nobody collected included. */
export function groupAnswers(pid: number): boolean {
  try {
    process.kill(-pid, 0)
    return true
  } catch (error) {
    // EPERM: somebody is there, only not ours (a setuid program).
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

export function signalPosixGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // The group ended meanwhile.
  }
}
