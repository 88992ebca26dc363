/* Numbers of the normal law. */
#ifndef WLAW_LIMIT_CONSTANTS_H
#define WLAW_LIMIT_CONSTANTS_H

#define WLAW_PI          0x1.921fb54442d18p+1
#define WLAW_ROOT_PI     0x1.c5bf891b4ef6ap+0 /* sqrt(pi) */
#define WLAW_ROOT_TWO_PI 0x1.40d931ff62705p+1 /* sqrt(2 pi) */

#endif
