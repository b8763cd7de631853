// Numbers as people read them, by the rules of the text reports (render/amount.h).
export const FEW_SAMPLES = 30;

export const grouped = number => Math.round(number).toString().replace(/\B(?=(\d{3})+$)/g, ',');

/** 'one sample', '3 samples'. */
export const counted = (number, one, many) => `${grouped(number)} ${number === 1 ? one : many}`;

export const seconds = (ns, digits) => (ns / 1e9).toFixed(digits);

/** Decimals that suit times of about that size: three below 10 s. */
export const secondDigits = ns => (ns < 10e9 ? 3 : ns < 100e9 ? 2 : ns < 1000e9 ? 1 : 0);

/** '12.9 %' of a part from 0 to 1. */
export function percent(part) {
  if (!(part >= 0)) return '–';
  if (part > 0 && part < 0.0005) return '< 0.1 %';
  if (part < 1 && part >= 0.9995) return '> 99.9 %';
  return (100 * part).toFixed(1) + ' %';
}

/** Three digits of any duration: '2.31 µs'. */
export function duration(ns) {
  const steps = [[1e9, 's'], [1e6, 'ms'], [1e3, 'µs'], [1, 'ns']];
  const [size, unit] = steps.find(([size]) => ns >= size * 0.9995) || steps[3];
  const value = ns / size;
  return value.toFixed(value >= 99.95 || size === 1 ? 0 : value >= 9.995 ? 1 : 2) + ' ' + unit;
}

/** Amounts of one event: seconds with as many digits as mean something, or counts with a unit. */
export class Amounts {
  /** `largest`: of those to be shown. */
  constructor(unit, largest) {
    this.isTime = unit === 's';
    this.unit = unit;
    this.digits = secondDigits(largest);
  }
  /** '0.639', '<0.001'; '' for nothing at all. */
  plain(weight) {
    if (!weight) return '';
    if (this.isTime && weight < 0.5 * 10 ** (9 - this.digits)) return '<' + seconds(10 ** (9 - this.digits), this.digits);
    return this.isTime ? seconds(weight, this.digits) : grouped(weight);
  }
  /** 'sys, s': the heading of a column of them. */
  title(name) { return `${name}, ${this.unit}`; }
  withUnit(weight) {
    return this.isTime ? seconds(weight, this.digits) + ' s' : `${grouped(weight)} ${this.unit}`;
  }
}
