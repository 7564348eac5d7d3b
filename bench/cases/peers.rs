// What one writes by hand in Rust for the same tasks.
use std::slice::{from_raw_parts, from_raw_parts_mut};

macro_rules! functions {
    ($t:ty, $axpy:ident, $divide_or:ident, $rolling_score:ident, $pow_sum:ident) => {
        #[no_mangle]
        pub unsafe extern "C" fn $axpy(a: $t, x: *const $t, y: *const $t, out: *mut $t, n: usize) {
            let (x, y) = (from_raw_parts(x, n), from_raw_parts(y, n));
            for ((out, x), y) in from_raw_parts_mut(out, n).iter_mut().zip(x).zip(y) {
                *out = a * x + y;
            }
        }

        #[no_mangle]
        pub unsafe extern "C" fn $divide_or(x: *const $t, y: *const $t, fill: $t, out: *mut $t, n: usize) {
            let (x, y) = (from_raw_parts(x, n), from_raw_parts(y, n));
            for ((out, &x), &y) in from_raw_parts_mut(out, n).iter_mut().zip(x).zip(y) {
                *out = if y != 0.0 { x / y } else { fill };
            }
        }

        #[no_mangle]
        pub unsafe extern "C" fn $rolling_score(x: *const $t, out: *mut $t, n: usize) {
            let mut s: $t = 0.0;
            for (out, &v) in from_raw_parts_mut(out, n).iter_mut().zip(from_raw_parts(x, n)) {
                s = if v > s { s * 0.9 + v } else { s * 0.5 };
                *out = s;
            }
        }

        #[no_mangle]
        pub unsafe extern "C" fn $pow_sum(x: *const $t, p: f64, n: usize) -> f64 {
            from_raw_parts(x, n).iter().filter(|&&v| v > 0.0).map(|&v| (v as f64).powf(p)).sum()
        }
    };
}

functions!(f32, axpy_float, divide_or_float, rolling_score_float, pow_sum_float);
functions!(f64, axpy_double, divide_or_double, rolling_score_double, pow_sum_double);
