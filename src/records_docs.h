/* records_docs.h: the docstrings of the ufuncs on records. */
#ifndef RECORDS_DOCS_H
#define RECORDS_DOCS_H

#define OPERAND(name, role)                                                                                  \
    name " : array_like\n"                                                                                   \
         "    " role "\n"

#define REST                                                                                                 \
    "out, where, casting, order, dtype, subok, signature : optional\n"                                       \
    "    As for every ufunc, see `numpy.ufunc`. A multi-field view as `out` receives\n"                      \
    "    its fields; all other bytes of the records stay as they are.\n"                                     \
    "\n"                                                                                                     \
    "Returns\n"                                                                                              \
    "-------\n"                                                                                              \
    "out : ndarray or numpy.void\n"                                                                          \
    "    Records with the names of the first operand that has fields, and the\n"                             \
    "    dtypes that NumPy computes field by field.\n"                                                       \
    "\n"                                                                                                     \
    "Raises\n"                                                                                               \
    "------\n"                                                                                               \
    "TypeError\n"                                                                                            \
    "    A field has no arithmetic (text, bytes, dates, objects), the records do\n"                          \
    "    not have the same names, or the fields of `out` overlap.\n"                                         \
    "OverflowError\n"                                                                                        \
    "    A Python integer is out of the range of a field (NumPy 2).\n"                                       \
    "ValueError\n"                                                                                           \
    "    The shapes do not broadcast, or `out` is read-only.\n"                                              \
    "\n"                                                                                                     \
    "See Also\n"                                                                                             \
    "--------\n"

#define NOTES                                                                                                \
    "\n"                                                                                                     \
    "Notes\n"                                                                                                \
    "-----\n"                                                                                                \
    "Fields are matched by name, whatever their order, offsets, padding, byte order\n"                       \
    "and types; subarrays and records inside records are matched in turn. Each field\n"                      \
    "is computed by the loop that NumPy itself takes for its type, so the result\n"                          \
    "equals the one field by field bit for bit; totals of `reduce` keep the type of\n"                       \
    "the field, and integers wrap around. Choose fields with a view:\n"                                      \
    "``a[['x', 'y']]``.\n"

#define HEAD(call, what)                                                                                     \
    call "\n\n" what "\n\n"                                                                                  \
         "Parameters\n"                                                                                      \
         "----------\n"

#define EXAMPLES                                                                                             \
    "\n"                                                                                                     \
    "Examples\n"                                                                                             \
    "--------\n"                                                                                             \
    ">>> import numpy as np\n"                                                                               \
    ">>> from numpy_ext import records\n"                                                                    \
    ">>> a = np.array([(1, 0.5), (2, 4.0)], dtype=[(\"t\", \"u8\"), (\"x\", \"f8\")])\n"

#define BINARY(call, what, numpys)                                                                           \
    HEAD(call, what)                                                                                         \
    OPERAND("x1, x2", "Records of any structured dtype, at least one of them; a number, or an\n"             \
                      "    array of numbers, goes to every field.")                                          \
    REST numpys NOTES EXAMPLES

static const char add_doc[] =
    BINARY("add(x1, x2, /, ...)", "Add records field by field.",
           "numpy.add : The same for numbers.\n") ">>> records.add(a, a).tolist()\n"
                                                  "[(2, 1.0), (4, 8.0)]\n"
                                                  ">>> records.add.reduce(a).tolist()\n"
                                                  "(3, 4.5)\n";

static const char subtract_doc[] =
    BINARY("subtract(x1, x2, /, ...)", "Subtract records field by field.",
           "numpy.subtract : The same for numbers.\n") ">>> records.subtract(a[[\"x\"]], 0.5).tolist()\n"
                                                       "[(0.0,), (3.5,)]\n";

static const char multiply_doc[] =
    BINARY("multiply(x1, x2, /, ...)", "Multiply records field by field.",
           "numpy.multiply : The same for numbers.\n") ">>> records.multiply(2, a).tolist()\n"
                                                       "[(2, 1.0), (4, 8.0)]\n";

static const char divide_doc[] =
    BINARY("divide(x1, x2, /, ...)", "Divide records field by field; integers give float64.",
           "numpy.divide : The same for numbers.\n") ">>> records.divide(a, 2).tolist()\n"
                                                     "[(0.5, 0.25), (1.0, 2.0)]\n";

static const char negative_doc[] = HEAD("negative(x, /, ...)", "Negate records field by field.")
    OPERAND("x", "Records of any structured dtype.") REST
    "numpy.negative : The same for numbers.\n" NOTES EXAMPLES ">>> records.negative(a[[\"x\"]]).tolist()\n"
    "[(-0.5,), (-4.0,)]\n";

#undef OPERAND
#undef REST
#undef NOTES
#undef HEAD
#undef EXAMPLES
#undef BINARY

#endif
