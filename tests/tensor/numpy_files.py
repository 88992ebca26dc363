"""NumPy's side of test_numpy.c.

    numpy_files.py write DIR   writes arrays of many types, orders and byte orders, each beside its values as
                               row-major little-endian float64 (NAME.raw), and a list of them (list.txt)
    numpy_files.py check DIR   reads the .npy and .npz files weightlaw wrote there and compares them with their .raw
"""

import os
import sys

import numpy as np

CODES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]
SHAPES = [(), (5,), (3, 4), (2, 3, 4), (0, 3)]


def values(code, shape):
    count = int(np.prod(shape))
    # multiples of 1/4 below 32: exact in every float type here; integers keep the whole part
    return ((np.arange(count) * 37 % 127) / 4.0).astype("=" + code).reshape(shape)


def write(folder):
    names = []
    for code in CODES:
        for number, shape in enumerate(SHAPES):
            for order in "<>":
                for layout in "CF":
                    array = np.array(values(code, shape), dtype=order + code, order=layout)
                    name = f"{code}-{number}-{'little' if order == '<' else 'big'}-{layout}"
                    np.save(os.path.join(folder, name + ".npy"), array)
                    for ending, save in ((".npz", np.savez), ("-packed.npz", np.savez_compressed)):
                        save(os.path.join(folder, name + ending), other=np.arange(3), w=array)
                    array.astype("<f8").tofile(os.path.join(folder, name + ".raw"))  # row-major, whatever the layout
                    names.append(name)
    with open(os.path.join(folder, "list.txt"), "w") as out:
        out.write("\n".join(names) + "\n")


def check(folder):
    checked = 0
    for file in sorted(os.listdir(folder)):
        if not file.startswith("ours-") or file.endswith(".raw"):
            continue
        with open(os.path.join(folder, file), "rb") as opened:
            loaded = np.load(opened, allow_pickle=False)
            array = loaded["w"] if file.endswith(".npz") else loaded
        want = np.fromfile(os.path.join(folder, file + ".raw"), "<f8")
        code = file.split("-")[1].split(".")[0]
        assert array.shape == (7, 3), (file, array.shape)
        assert array.dtype.newbyteorder("=") == np.dtype(code), (file, array.dtype)
        np.testing.assert_array_equal(array.astype("<f8").ravel(), want, err_msg=file)
        checked += 1
    assert checked == 2 * len(CODES), checked


{"write": write, "check": check}[sys.argv[1]](sys.argv[2])
