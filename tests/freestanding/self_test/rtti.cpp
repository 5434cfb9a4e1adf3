struct Base {
    virtual int number();
};
int Base::number() {
    return 1;
}
