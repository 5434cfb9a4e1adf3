// The test is that this program links: first.cpp and second.cpp, made by CMake, include every header.
int main() {}
