// Documents whose price is long to work out: fragments that fan out, and arguments.
import { range, joined, nested, job } from './parts.mjs';

export const price = {
  priceFanOut: (s) => ({
    query: `{job(id:"${job}"){...F0}} ${joined(4, (i) => `fragment F${i} on Job{${joined(8 * s, (k) => `a${k}:sessions(first:1 after:"${k}"){nodes{job{...F${i + 1}}}}`)}}`)} fragment F4 on Job{${nested(700 * s, 'id')}}`,
  }),
  priceFanOutWide: (s) => ({
    query: `{job(id:"${job}"){...F0}} ${joined(3, (i) => `fragment F${i} on Job{${joined(40 * s, (k) => `a${k}:sourceJob{...F${i + 1}}`)}}`)} fragment F3 on Job{${joined(290 * s, () => 'id')}}`,
  }),
  priceFanOutSkipped: (s) => ({
    query: `{job(id:"${job}"){...F0}} ${joined(4, (i) => `fragment F${i} on Job{${joined(20 * s, (k) => `a${k}:sourceJob{...F${i + 1}}`)}}`)} fragment F4 on Job{${joined(95 * s, (i) => `b${i}:id @skip(if:true)`)}}`,
  }),
  priceArguments: (s) => ({
    query: `query($f:JobSessionFilter){job(id:"${job}"){...F0}} ${joined(2, (i) => `fragment F${i} on Job{${joined(20 * s, (k) => `a${k}:sessions(first:1 filter:$f){nodes{job{...F${i + 1}}}}`)}}`)} fragment F2 on Job{${joined(50 * s, (k) => `b${k}:sessions(first:1 filter:$f){nodes{id}}`)}}`,
    variables: { f: { statuses: range(20_000 * s, () => 'SUCCESS') } },
  }),
  priceVariables: (s) => ({
    query: `query($s:[JobSessionStatus!]){${joined(199 * s, (i) => `a${i}:jobSessions(first:1 filter:{statuses:$s}){nodes{id}}`)}}`,
    variables: { s: range(25_000, () => 'SUCCESS') },
  }),
};
