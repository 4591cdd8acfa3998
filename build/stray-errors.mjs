// A vitest reporter: the errors of a run that belong to no test, as a JSON list of texts beside its report.
import { writeFileSync } from 'node:fs'

export default class StrayErrors {
  onTestRunEnd(_modules, errors) {
    const texts = errors.map(error => `${error.stack ?? error.message ?? error}`.slice(0, 1500))
    writeFileSync(process.env.GATEHOUSE_STRAY_ERRORS, JSON.stringify(texts))
  }
}
