// `uninstall`, on a folder that no hub runs on; with `--look yes` it only says what would be done.
import { previewUninstall, uninstall } from '../uninstall.ts'
import { runProgram } from './program.ts'

await runProgram(['look', 'erase', 'forget'], async ({ data, values }) => {
  const asked = { erases: values.erase === 'yes', forgets: values.forget === 'yes' }
  return values.look === 'yes' ? previewUninstall(data, asked) : uninstall(data, asked)
})
