"""exp, log and the inverse normal with the same bits on every machine.

The C library's and numpy's own `log`, `exp` and `cos` may differ in the last bit from one processor or
version to the next, and one bit is enough to move a state hash. These use only operations whose result
IEEE 754 fixes (+ - * / sqrt, exponent split, comparison), so a world is equal wherever it is run.
Arrays in, arrays out: float64 of any shape; relative error below 1e-14 on the stated ranges.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_LN2_HIGH = 6.93147180369123816490e-01  # ln 2 in two parts; the high part has 21 trailing zero bits,
_LN2_LOW = 1.90821492927058770002e-10  # so that k * high is exact for every exponent k
_SQRT_HALF = 0.7071067811865476


def _polynomial(x: Floats, coefficients: tuple[float, ...]) -> Floats:
    """Horner's rule; coefficients from the highest power down."""
    value = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


_ATANH = tuple(1.0 / n for n in range(23, 0, -2))  # 1/23, 1/21 ... 1/3, 1
_INVERSE_FACTORIALS = (
    1 / 87178291200, 1 / 6227020800, 1 / 479001600, 1 / 39916800, 1 / 3628800, 1 / 362880, 1 / 40320,
    1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6, 1 / 2, 1.0, 1.0,
)  # fmt: skip


def log(x: ArrayLike) -> Floats:
    """Natural logarithm of positive normal numbers; anything else raises ValueError."""
    values = np.asarray(x, dtype=np.float64)
    if not bool(np.all((values > 0) & np.isfinite(values))):
        raise ValueError("log needs finite numbers above zero")
    mantissa, exponent = np.frexp(values)  # values = mantissa * 2**exponent, mantissa in [0.5, 1)
    small = mantissa < _SQRT_HALF
    mantissa = np.where(small, mantissa * 2.0, mantissa)
    k = (exponent - small).astype(np.float64)
    s = (mantissa - 1.0) / (mantissa + 1.0)  # log m = 2 atanh(s), |s| <= 0.172
    return k * _LN2_HIGH + (2.0 * s * _polynomial(s * s, _ATANH) + k * _LN2_LOW)


def exp(x: ArrayLike) -> Floats:
    """e to the power of x, for -700 <= x <= 700; anything else raises ValueError."""
    values = np.asarray(x, dtype=np.float64)
    if not bool(np.all(np.abs(values) <= 700.0)):
        raise ValueError("exp needs numbers from -700 to 700")
    k = np.floor(values * 1.4426950408889634 + 0.5)  # nearest whole number of halvings
    rest = (values - k * _LN2_HIGH) - k * _LN2_LOW  # |rest| <= 0.35
    return np.ldexp(_polynomial(rest, _INVERSE_FACTORIALS), k.astype(np.int32))


# Rational approximations of the inverse normal: M. J. Wichura, Algorithm AS 241 (PPND16), Applied
# Statistics 37 (1988). Numerator and denominator for the middle, the tails and the far tails.
_MIDDLE = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
     1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
     5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0),
)  # fmt: skip
_TAIL = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
     1.27045825245236838258e0, 3.64784832476320460504e0, 5.76949722146069140550e0,
     4.63033784615654529590e0, 1.42343711074968357734e0),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
     1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e0,
     2.05319162663775882187e0, 1.0),
)  # fmt: skip
_FAR_TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
     2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0,
     5.46378491116411436990e0, 6.65790464350110377720e0),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
     7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
     5.99832206555887937690e-1, 1.0),
)  # fmt: skip


def inverse_normal(p: ArrayLike) -> Floats:
    """The standard normal value below which a share `p` lies; p strictly between 0 and 1, else ValueError."""
    share = np.asarray(p, dtype=np.float64)
    if not bool(np.all((share > 0) & (share < 1))):
        raise ValueError("inverse_normal needs shares strictly between 0 and 1")
    q = share - 0.5
    middle = np.abs(q) <= 0.425
    r = 0.180625 - q * q
    value = q * _polynomial(r, _MIDDLE[0]) / _polynomial(r, _MIDDLE[1])
    if not bool(np.all(middle)):
        nearer = np.where(q < 0, share, 1.0 - share)
        root = np.sqrt(-log(np.where(middle, 0.5, nearer)))
        close, far = root - 1.6, root - 5.0
        tail = np.where(
            root <= 5.0,
            _polynomial(close, _TAIL[0]) / _polynomial(close, _TAIL[1]),
            _polynomial(far, _FAR_TAIL[0]) / _polynomial(far, _FAR_TAIL[1]),
        )
        value = np.where(middle, value, np.where(q < 0, -tail, tail))
    return value
