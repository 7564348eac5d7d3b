/* records_negative.h: negation of numbers of any type. */
#ifndef RECORDS_NEGATIVE_H
#define RECORDS_NEGATIVE_H

#include <numpy_ext/ufunc.h>

/* NULL if the letter is no type of numbers. */
PyUFuncGenericFunction nx_find_negation(char letter);

#endif
