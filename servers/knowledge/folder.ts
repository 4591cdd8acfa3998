// Takes in a whole folder: long work, so it is a task that others look at and stop.
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { about } from '../kit/about.ts'
import { Failure } from '../kit/failure.ts'
import { globTest } from '../kit/glob.ts'
import type { Roots } from '../kit/roots.ts'
import { answerOf, registerTaskTools } from '../kit/task-tools.ts'
import { TASK } from '../kit/tasks.ts'
import type { Kit } from '../kit/tools.ts'
import type { Knowing } from './server.ts'
import { TakingIn } from './take-in.ts'

const KIND = 'add_folder'
const MOST_FILES = 20_000
interface Wanted {
  source: string
  directory: string
  pattern: string
}

/** What a task of this process does. To be called once. */
export function defineAddFolder(knowing: Knowing): void {
  knowing.tasks.define<Wanted, object>(KIND, async ({ source, directory, pattern }, task) => {
    const files = await filesIn(knowing.roots, directory, pattern)
    const taking = new TakingIn(source, knowing.library)
    for (const file of files) {
      await taking.takeFile(knowing.roots, file, task.signal, relative(directory, file) || file)
      task.progress((100 * taking.seen) / files.length, `${taking.seen} of ${files.length} files`)
    }
    const { documents, chunks, problems } = taking
    return { source, documents, chunks, problems }
  })
}

export function registerFolderTools(kit: Kit, server: McpServer, { roots, library, tasks }: Knowing): void {
  kit.tool(
    server,
    KIND,
    {
      title: 'Add a folder',
      description:
        'Begins to take in the text files of a folder, and answers at once with a taskId for check_task and cancel_task. Documents that are known are replaced.',
      input: z.object({
        source: z.string().trim().min(1).max(200),
        directory: z.string().min(1).max(4096),
        pattern: z.string().min(1).max(200).default('**/*.{md,markdown,txt,rst,adoc}').describe('With `*` and `**`'),
      }),
      output: z.object(TASK),
      annotations: {
        readOnlyHint: false,
        destructiveHint: false,
        idempotentHint: true,
        openWorldHint: library.engine === 'Pinecone',
      },
    },
    async ({ source, directory, pattern }) => {
      const real = await about(directory, () => roots.existing(directory))
      globTest(pattern)
      const { text, data } = answerOf(await tasks.start(KIND, { source, directory: real, pattern }))
      return { text: `${text}. Follow it with check_task.`, data }
    },
  )
  registerTaskTools(kit, server, tasks)
}

/** In the order of their names; no hidden ones, and none that a link leads out to. */
async function filesIn(roots: Roots, directory: string, pattern: string): Promise<string[]> {
  const real = await roots.existing(directory)
  const fits = globTest(pattern)
  const entries = await about(directory, () => readdir(real, { recursive: true, withFileTypes: true }))
  const files = entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .filter(file => fits(relative(real, file)) && !/(^|[\\/])(\.|node_modules[\\/])/.test(relative(real, file)))
  if (files.length === 0) throw new Failure('not_found', `No file there fits ${pattern}.`, 'Give another pattern.')
  if (files.length > MOST_FILES)
    throw new Failure('validation_error', `${files.length} files fit, more than ${MOST_FILES}.`, 'Narrow the pattern.')
  return files.toSorted()
}
