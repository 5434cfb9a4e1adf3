int number();
int number() {
    return 1;
}
