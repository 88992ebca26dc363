// The header serves C++.
#include <weightlaw.h>

#include <cstring>

int main() { return std::strcmp(wlaw_status_name(WLAW_FORMAT), "FORMAT"); }
