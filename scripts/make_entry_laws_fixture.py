#!/usr/bin/env python3
"""Writes tests/fixtures/entry_laws.json: log-densities and distribution functions of entry laws in 30 digits.

    python3 scripts/make_entry_laws_fixture.py > tests/fixtures/entry_laws.json

Needs mpmath (PyPI). Distribution functions are integrals of the densities, except the stable law's: its density and
distribution function are Zolotarev's integrals (Nolan 1997, DOI 10.1080/15326349708807450, theorem 1), and the series of
Bergstrom (1952) far out; the library uses neither where this does.
"""

import json
import sys

from mpmath import mp, mpf

mp.dps = 30
POINTS = ["-40", "-6.5", "-1.25", "-0.375", "-0.001", "0.0625", "0.5", "1", "2.75", "7", "15", "120", "5000"]


def laplace(x):
    return mp.exp(-abs(x)) / 2


def logistic(x):
    return mp.exp(-abs(x)) / (1 + mp.exp(-abs(x))) ** 2


def student(df):
    height = mp.gamma((df + 1) / 2) / (mp.gamma(df / 2) * mp.sqrt(df * mp.pi))
    return lambda x: height * (1 + x * x / df) ** (-(df + 1) / 2)


def lognormal(mu, sigma):
    return lambda x: mp.npdf((mp.log(abs(x)) - mu) / sigma) / (2 * sigma * abs(x))


def mixture(ratio, share):
    return lambda x: (1 - share) * mp.npdf(x) + share * mp.npdf(x / ratio) / ratio


def upper(density, x):
    """Integral of a density beyond x > 0, in steps that double."""
    total, start, step = mpf(0), x, mpf("0.25")
    for _ in range(400):
        piece = mp.quad(density, [start, start + step])
        total += piece
        if piece <= total * mpf(10) ** -26:
            break
        start, step = start + step, 2 * step
    return total


def stable(alpha):
    power = alpha / (alpha - 1) if alpha != 1 else None

    def integrals(x):
        def exponent(theta):
            return (x * mp.cos(theta) / mp.sin(alpha * theta)) ** power * mp.cos((alpha - 1) * theta) / mp.cos(theta)

        # the exponent is monotone: cut the range where it takes these values
        cuts = [mpf(0)]
        rising = alpha < 1
        for level in [mpf(10) ** k for k in range(-12, 3)] if rising else [mpf(10) ** k for k in range(2, -13, -1)]:
            low, high = mpf(0), mp.pi / 2
            for _ in range(110):
                middle = (low + high) / 2
                if (exponent(middle) < level) == rising:
                    low = middle
                else:
                    high = middle
            if cuts[-1] < low < mp.pi / 2:
                cuts.append(low)
        cuts.append(mp.pi / 2)
        survive = mp.quad(lambda t: mp.exp(-exponent(t)), cuts)
        weighted = mp.quad(lambda t: exponent(t) * mp.exp(-exponent(t)), cuts)
        density = alpha / (mp.pi * abs(alpha - 1) * x) * weighted
        tail = survive / mp.pi if alpha > 1 else mpf(1) / 2 - survive / mp.pi
        return density, tail

    def series(x):
        density, tail = mpf(0), mpf(0)
        for k in range(1, 60):
            term = (-1) ** (k + 1) * mp.gamma(alpha * k + 1) / mp.factorial(k) * x ** (-alpha * k - 1) / mp.pi
            density += term * mp.sin(mp.pi * alpha * k / 2)
            tail += term * mp.sin(mp.pi * alpha * k / 2) * x / (alpha * k)
            if abs(term) < mpf(10) ** -25 * density:
                break
        return density, tail

    return lambda x: series(x) if x > 1000 else integrals(x)


def rows_of(density, tail_of, point):
    x = mpf(point)
    value, tail = density(x), tail_of(abs(x))
    return [float(x), float(mp.log(value)) if value > 0 else None, float(tail if x < 0 else 1 - tail)]


def main():
    laws = {
        "laplace(scale=1)": laplace,
        "logistic(scale=1)": logistic,
        "student(scale=1,df=1.5)": student(mpf("1.5")),
        "student(scale=1,df=4)": student(mpf(4)),
        "student(scale=1,df=60)": student(mpf(60)),
        "lognormal(mu=-0.5,sigma=0.75)": lognormal(mpf("-0.5"), mpf("0.75")),
        "mixture(scale=1,ratio=5,share=0.125)": mixture(mpf(5), mpf("0.125")),
    }
    out = {}
    for text, density in laws.items():
        out[text] = [rows_of(density, lambda x: upper(density, x), p) for p in POINTS]
    for alpha in ["0.3", "0.5", "0.75", "0.95", "1.1", "1.5", "1.75", "1.9375", "1.999"]:
        law = stable(mpf(alpha))
        out[f"stable(alpha={alpha})"] = [
            rows_of(lambda x: law(abs(x))[0], lambda x: law(x)[1], p) for p in POINTS if float(p) != -0.001
        ]
        print(alpha, file=sys.stderr)
    laws_text = []
    for text, rows in out.items():
        laws_text.append(json.dumps(text) + ": [\n" + ",\n".join(json.dumps(row) for row in rows) + "]")
    print("{\n" + ",\n".join(laws_text) + "}")


main()
