extern "C" int puts(const char*);
int say();
int say() {
    return puts("hosted");
}
