// Compares answers to GraphQL operations with the right ones, for scripts that ask while something goes wrong.
import { errorCodes } from '../dist/graph/formatError.js';

/** Each value is that of the right answer, or null with an error at it or above or below it. */
function isTrue(value, right, path, errorPaths) {
  if (value === null && right !== null) return errorPaths.some((at) => at.startsWith(path) || path.startsWith(at));
  if (typeof value !== 'object' || value === null) return value === right;
  const keys = Object.keys(value);
  if (keys.length !== Object.keys(right ?? {}).length) return false;
  return keys.every((key) => isTrue(value[key], right?.[key], `${path}/${key}`, errorPaths));
}

/**
 * What an answer is worth. `isTyped`: each of its errors says what happened, by a code that is documented; `isTrue`: nothing
 * in its data is other than in the right data, but for what an error stands for.
 */
export function judgeAnswer({ status, body }, right) {
  const { data = null, errors = [] } = body;
  const errorPaths = errors.map(({ path = [] }) => `/${path.join('/')}`);
  return {
    codes: errors.map(({ extensions }) => extensions?.code),
    isTyped:
      (status === 200 || errors.length > 0) &&
      errors.every(
        ({ extensions, message }) =>
          errorCodes.includes(extensions?.code) &&
          extensions.code !== 'INTERNAL_SERVER_ERROR' &&
          extensions.requestId &&
          message,
      ),
    isTrue: (data === null && errors.length > 0) || isTrue(data, right, '', errorPaths),
  };
}
