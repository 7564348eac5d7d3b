/* records_convert.h: numbers from any type to any other. */
#ifndef RECORDS_CONVERT_H
#define RECORDS_CONVERT_H

#include <numpy_ext/ufunc.h>

/* At any distance and any address. */
typedef void nx_convert(const char *from, npy_intp from_d, char *to, npy_intp to_d, npy_intp n);

/* NULL if one of the letters is no type of numbers. */
nx_convert *nx_find_conversion(char from, char to);

#endif
