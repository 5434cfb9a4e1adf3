// The headers of glibc ask for this one when code is compiled without floating point, and Debian has it not. It would
// list functions that exist but always fail: a kernel links none.
